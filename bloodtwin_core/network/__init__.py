"""The parts of the network: members.py holds the recurrent layers and the decoder, quantiles.py what it gives out."""
