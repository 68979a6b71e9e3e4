"""Identity and tax numbers, cards and bank accounts: how they are written and how they are checked."""
