"""Training stages as flat loops over tokens: pretraining, SFT, rejection sampling, GRPO, PPO and REINFORCE."""
