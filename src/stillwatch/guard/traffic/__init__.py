"""The guard on requests and answers of model services: bodies in, bodies out; no socket, no clock of its own."""
