"""What a unit of insulin does, by published models, and how much a person's insulin takes off.

action.py: how far a dose has acted after so many minutes. hovorka.py: the constants of Hovorka's body and its response.
sensitivity.py: mg/dL that a unit takes off.
"""
