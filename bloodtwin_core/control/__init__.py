"""Control algorithms, and a place to try them on virtual wearers; see docs/control.md. Nothing here reaches a pump.

controller.py: the interface, and what a pump knows. limits.py: what no controller may pass. controllers/: one a file.
steering.py: a controller at the pump of a virtual wearer. trial/: wearers x controllers x scenarios. gym.py: the same
wearers as a gymnasium environment.
"""
