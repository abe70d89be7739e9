"""What every training here shares: data, loop, figures, pictures, progress."""
