"""Which trained model others forecast with: versions, the decision to publish one, and whether the data drifted.

store.py keeps the versions, manifest.py says what one came from, decision.py decides, evidence.py measures for it.
"""
