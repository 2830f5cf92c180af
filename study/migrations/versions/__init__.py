"""One module per revision, named after it. A shipped revision is never changed; add the next one."""
