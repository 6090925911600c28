"""What a person sees and answers on the terminal."""
