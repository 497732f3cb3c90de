"""How fast a test is, and what gradient boosting reaches on the same windows."""
