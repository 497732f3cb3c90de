"""Folders that several machines share through an S3 bucket: each works in a local copy, one at a time writes.

bucket.py speaks to the storage, head.py says what lies there, lease.py lets one machine write, copy.py keeps the local
copy. All that a machine may rely on hangs on one small object, head.json: it names the list of files and says who may
write, and is only ever replaced where it is still what was read. Files lie under names that are never used again.
"""
