"""Adapters to diffusion and flow models: the only place with a denoising loop."""
