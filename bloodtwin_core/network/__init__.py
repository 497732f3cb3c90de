"""The parts of the network.

member.py holds the recurrent layers and the decoder, attention.py what a forecast may look back at beside them,
quantiles.py what it gives out.
"""
