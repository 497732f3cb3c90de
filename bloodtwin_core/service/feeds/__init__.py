"""Events that the service gets itself: sites, clouds and growing files, through the sources that read them."""
