"""The product's own processing of personal data: the register, what it must agree with, what is answered from it."""
