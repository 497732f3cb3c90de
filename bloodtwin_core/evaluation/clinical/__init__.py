"""What an error would mean for the wearer: error grids, glucose-specific RMSE, and alarms judged by event."""
