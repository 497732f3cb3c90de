"""What BrisT1D's insulin is worth to people left out of training, of AZT1D and of BrisT1D alike."""
