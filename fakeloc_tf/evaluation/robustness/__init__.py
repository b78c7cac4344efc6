"""How score and mask bear up against JPEG, H.264, blur, noise, scaling and colour."""
