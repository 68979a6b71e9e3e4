"""What leaves by itself: signed webhooks and mail, retried with patience, never to an address that was not meant."""
