"""Fine-tuning: masks, data, losses and schedules. Stands on `engine`, never on `app`."""
