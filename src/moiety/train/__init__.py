"""Training stages as flat loops over tokens: pretraining, supervised fine-tuning, rejection sampling, GRPO."""
