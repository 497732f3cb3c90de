"""What each asset's page shows: figures with their units, tables and pictures. One module per module of assets/."""
