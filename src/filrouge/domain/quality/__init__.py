"""Quality: whether rows and runs are as their owner says, and as what came before lets expect."""
