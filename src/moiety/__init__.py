"""moiety: what supervised fine-tuning and reinforcement learning each contribute to a code language model."""
