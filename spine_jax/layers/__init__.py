"""What networks of several methods are built of: convolutions, norms, blocks, U-Net,
PatchGAN and the losses they share; one code for 2D and 3D, channels last."""
