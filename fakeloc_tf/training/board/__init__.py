"""TensorBoard: what a person looks at to understand a run.

| tags | step | what |
|---|---|---|
| train/ | batch | loss terms, learning rate, gradient norm, images/s, data-wait share |
| epoch/ | epoch | means of the epoch's training batches |
| validation/ | epoch | AUC, accuracy, IoU and loss terms on the validation split |
| curves/ | epoch | ROC, precision-recall and score distribution, as pictures |
| scores/ | epoch | histograms of scores of reals and of fakes, and of the fakes' IoU |
| faces/ | epoch | some validation faces with masks, overlays and noise maps |
| run/config | 0 | the resolved config |

`curves/pr` is for the tab of that name. Besides: model graph, HParams, and an embedding
projector of the classifier's features. Faces, thumbnails and names of videos come from
the user's data and are people: they stay in the run folder.
"""

from fakeloc_tf.training.board.callback import TensorBoard, Watched

__all__ = ["TensorBoard", "Watched"]
