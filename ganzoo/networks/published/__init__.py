"""Networks exactly as their authors released them, at the published sizes, for published weights.

Every layer has the name of the authors' module, so a weight is found by its name; `importing` fills
them. Latents and labels come in as everywhere in GanZoo, images are NHWC in [-1, 1]. Some networks
also take `truncation`, one number for each image. The smaller networks one folder up are those that
the variants train; their docstrings state where they depart from these.
"""
