"""What people read and look at: the HTML report, plots and text tables."""
