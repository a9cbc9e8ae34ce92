"""The papers that a report rests on, a row each, and BibTeX of them.

Sources here are lines such as "He et al. 2015, Table 3, arXiv:1512.03385": the number says which paper is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_NUMBER = re.compile(r"arXiv:\d{4}\.\d{4,5}|doi:10\.\d{4,}/[A-Za-z0-9.]*[A-Za-z0-9]")
_ESCAPED = str.maketrans({letter: f"\\{letter}" for letter in "&%$#_{}"})
# letters of authors' names that BibTeX of 1988 has no others for
_ACCENTS = str.maketrans({"á": r"{\'a}", "ç": r"{\c c}", "é": r"{\'e}", "ö": r"{\"o}", "ü": r"{\"u}"})


class Paper(NamedTuple):
    """A paper: what BibTeX calls it, its number at arXiv or its DOI, and where it came out ("" where nowhere else)."""

    key: str
    number: str  # as sources have it
    authors: tuple[str, ...]  # surname, given names
    title: str
    year: int
    where: str = ""


_HE = ("He, Kaiming", "Zhang, Xiangyu", "Ren, Shaoqing", "Sun, Jian")
_CVPR = "IEEE Conference on Computer Vision and Pattern Recognition"
_ECCV = "European Conference on Computer Vision"
_ICLR = "International Conference on Learning Representations"
_ICML = "International Conference on Machine Learning"
_NEURIPS = "Advances in Neural Information Processing Systems"

_ROWS = (
    Paper("he2015", "arXiv:1512.03385", _HE, "Deep Residual Learning for Image Recognition", 2016, _CVPR),
    Paper("he2016", "arXiv:1603.05027", _HE, "Identity Mappings in Deep Residual Networks", 2016, _ECCV),
    Paper("zagoruyko2016", "arXiv:1605.07146", ("Zagoruyko, Sergey", "Komodakis, Nikos"),
          "Wide Residual Networks", 2016, "British Machine Vision Conference"),
    Paper("xie2017", "arXiv:1611.05431",
          ("Xie, Saining", "Girshick, Ross", "Dollár, Piotr", "Tu, Zhuowen", "He, Kaiming"),
          "Aggregated Residual Transformations for Deep Neural Networks", 2017, _CVPR),
    Paper("hu2018", "arXiv:1709.01507", ("Hu, Jie", "Shen, Li", "Sun, Gang"),
          "Squeeze-and-Excitation Networks", 2018, _CVPR),
    Paper("he2019", "arXiv:1812.01187",
          ("He, Tong", "Zhang, Zhi", "Zhang, Hang", "Zhang, Zhongyue", "Xie, Junyuan", "Li, Mu"),
          "Bag of Tricks for Image Classification with Convolutional Neural Networks", 2019, _CVPR),
    Paper("bello2021", "arXiv:2103.07579",
          ("Bello, Irwan", "Fedus, William", "Du, Xianzhi", "Cubuk, Ekin D.", "Srinivas, Aravind", "Lin, Tsung-Yi",
           "Shlens, Jonathon", "Zoph, Barret"),
          "Revisiting ResNets: Improved Training and Scaling Strategies", 2021, _NEURIPS),
    Paper("simonyan2015", "arXiv:1409.1556", ("Simonyan, Karen", "Zisserman, Andrew"),
          "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2015, _ICLR),
    Paper("zhang2019shift", "arXiv:1904.11486", ("Zhang, Richard",),
          "Making Convolutional Networks Shift-Invariant Again", 2019, _ICML),
    Paper("lee2020", "arXiv:2001.06268",
          ("Lee, Jungkyu", "Won, Taeryun", "Lee, Tae Kwan", "Lee, Hyemin", "Gu, Geonmo", "Hong, Kiho"),
          "Compounding the Performance Improvements of Assembled Techniques in a Convolutional Neural Network", 2020),
    Paper("wang2020", "arXiv:1910.03151",
          ("Wang, Qilong", "Wu, Banggu", "Zhu, Pengfei", "Li, Peihua", "Zuo, Wangmeng", "Hu, Qinghua"),
          "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks", 2020, _CVPR),
    Paper("wu2018", "arXiv:1803.08494", ("Wu, Yuxin", "He, Kaiming"), "Group Normalization", 2018, _ECCV),
    Paper("kolesnikov2020", "arXiv:1912.11370",
          ("Kolesnikov, Alexander", "Beyer, Lucas", "Zhai, Xiaohua", "Puigcerver, Joan", "Yung, Jessica",
           "Gelly, Sylvain", "Houlsby, Neil"),
          "Big Transfer (BiT): General Visual Representation Learning", 2020, _ECCV),
    Paper("huang2016", "arXiv:1603.09382",
          ("Huang, Gao", "Sun, Yu", "Liu, Zhuang", "Sedra, Daniel", "Weinberger, Kilian Q."),
          "Deep Networks with Stochastic Depth", 2016, _ECCV),
    Paper("huang2017", "arXiv:1608.06993",
          ("Huang, Gao", "Liu, Zhuang", "van der Maaten, Laurens", "Weinberger, Kilian Q."),
          "Densely Connected Convolutional Networks", 2017, _CVPR),
    Paper("zhang2019fixup", "arXiv:1901.09321", ("Zhang, Hongyi", "Dauphin, Yann N.", "Ma, Tengyu"),
          "Fixup Initialization: Residual Learning Without Normalization", 2019, _ICLR),
    # of lessons
    Paper("springenberg2015", "arXiv:1412.6806",
          ("Springenberg, Jost Tobias", "Dosovitskiy, Alexey", "Brox, Thomas", "Riedmiller, Martin"),
          "Striving for Simplicity: The All Convolutional Net", 2015, f"{_ICLR}, Workshop"),
    Paper("lin2017", "arXiv:1612.03144",
          ("Lin, Tsung-Yi", "Dollár, Piotr", "Girshick, Ross", "He, Kaiming", "Hariharan, Bharath",
           "Belongie, Serge"),
          "Feature Pyramid Networks for Object Detection", 2017, _CVPR),
    # of studies
    Paper("veit2016", "arXiv:1605.06431", ("Veit, Andreas", "Wilber, Michael", "Belongie, Serge"),
          "Residual Networks Behave Like Ensembles of Relatively Shallow Networks", 2016, _NEURIPS),
    Paper("li2018", "arXiv:1712.09913",
          ("Li, Hao", "Xu, Zheng", "Taylor, Gavin", "Studer, Christoph", "Goldstein, Tom"),
          "Visualizing the Loss Landscape of Neural Nets", 2018, _NEURIPS),
    Paper("brock2021", "arXiv:2101.08692", ("Brock, Andrew", "De, Soham", "Smith, Samuel L."),
          "Characterizing Signal Propagation to Close the Performance Gap in Unnormalized ResNets", 2021, _ICLR),
    # of recipes
    Paper("jordan2024", "arXiv:2404.00498", ("Jordan, Keller",),
          "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", 2024),
    Paper("zhang2019lookahead", "arXiv:1907.08610",
          ("Zhang, Michael R.", "Lucas, James", "Hinton, Geoffrey", "Ba, Jimmy"),
          "Lookahead Optimizer: k steps forward, 1 step back", 2019, _NEURIPS),
    Paper("li2020", "arXiv:2002.11770",
          ("Li, Hao", "Chaudhari, Pratik", "Yang, Hao", "Lam, Michael", "Ravichandran, Avinash", "Bhotika, Rahul",
           "Soatto, Stefano"),
          "Rethinking the Hyperparameters for Fine-tuning", 2020, _ICLR),
    Paper("kingma2015", "arXiv:1412.6980", ("Kingma, Diederik P.", "Ba, Jimmy"),
          "Adam: A Method for Stochastic Optimization", 2015, _ICLR),
    Paper("loshchilov2019", "arXiv:1711.05101", ("Loshchilov, Ilya", "Hutter, Frank"),
          "Decoupled Weight Decay Regularization", 2019, _ICLR),
    # of images
    Paper("alpaydin1998", "doi:10.24432/C50P49", ("Alpaydin, E.", "Kaynak, C."),
          "Optical Recognition of Handwritten Digits", 1998, "UCI Machine Learning Repository"),
    Paper("xiao2017", "arXiv:1708.07747", ("Xiao, Han", "Rasul, Kashif", "Vollgraf, Roland"),
          "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms", 2017),
)  # fmt: skip

PAPERS: dict[str, Paper] = {paper.number: paper for paper in _ROWS}


def numbers(source: str) -> list[str]:
    """The numbers of the papers that a source names, in order: those of arXiv, and DOIs."""
    return _NUMBER.findall(source)


def cited(sources: Iterable[str]) -> tuple[Paper, ...]:
    """The papers that sources name, each once, by their keys; sources that are no papers name none."""
    found = {number for source in sources for number in numbers(source)}
    return tuple(sorted((PAPERS[number] for number in found if number in PAPERS), key=lambda paper: paper.key))


def entry(paper: Paper) -> str:
    """A paper as BibTeX; its capitals stay as they are."""
    scheme, _, number = paper.number.partition(":")
    printed = "booktitle" if paper.where and scheme == "arXiv" else "howpublished"
    fields = {
        "author": " and ".join(paper.authors).translate(_ACCENTS),
        "title": f"{{{paper.title.translate(_ESCAPED)}}}",
        "year": str(paper.year),
        **({printed: paper.where} if paper.where else {}),
        **({"eprint": number, "archiveprefix": "arXiv"} if scheme == "arXiv" else {"doi": number}),
    }
    kind = "inproceedings" if printed == "booktitle" else "misc"
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join((f"@{kind}{{{paper.key},", *lines, "}"))


def line(paper: Paper) -> str:
    """A paper as a list of references has it."""
    where = f". {paper.where}" if paper.where else ""
    return f"{_names(paper.authors)} {paper.year}. {paper.title}{where}, {paper.number}"


def _names(authors: tuple[str, ...]) -> str:
    surnames = [author.partition(",")[0] for author in authors]
    return f"{surnames[0]} et al." if len(surnames) > 2 else " and ".join(surnames)
