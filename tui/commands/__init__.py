"""What `flowtui COMMAND` does, a module for each kind of command. None of them imports textual."""
