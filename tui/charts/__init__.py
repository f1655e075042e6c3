"""Charts: what is drawn of an answer (``chart``), and the cells it is drawn in (``draw``)."""
