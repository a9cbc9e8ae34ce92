"""`python -m resnet_tf`: the command line, where its script is not on the path."""

from resnet_tf.cli.main import main

main()
