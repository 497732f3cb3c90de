"""A training whose steps several processes share: torchrun starts them, Lightning's DDP adds up their gradients.

They are processes of their own, because Lightning's own way of starting some would start the command again that is
training now. order.py is what they are told, launcher.py and launching.py start them, rank.py is one of them,
sharing.py how a step is divided.
"""
