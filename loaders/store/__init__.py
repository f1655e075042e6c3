"""The store: what has been read once, kept so that it opens at once the next time.

It is acceleration and never truth: whatever is not in it, or no longer as it was, is read from the logs
themselves. It lives in the user's cache directory, a folder for each directory of logs; an SQLite manifest
says what is there, Parquet segments hold the rows.
"""
