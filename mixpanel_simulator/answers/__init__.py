"""How an answer is made and sent, and what is logged of it."""
