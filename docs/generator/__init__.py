"""What writes the generated documents: `docs/generate.py` calls it. Pure but for `generate` itself; texts come out."""
