"""What deciding and the gateway cost."""
