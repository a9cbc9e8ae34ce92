"""The words of a report's frame in its own language; the English ones are the keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Say: TypeAlias = Callable[..., str]  # a phrase, and values in its places

_RUSSIAN = {
    "Designs": "Сети",
    "And {count} more, counted below.": "И ещё {count}: подсчитаны ниже.",
    "{classes} classes": "классов: {classes}",
    "exact, for one image": "точно, на одно изображение",
    "published": "опубликовано",
    "benchmark": "на чём",
    "error": "ошибка",
    "parameters, trainable": "параметры, обучаемые",
    "parameters, not trained": "параметры, не обучаемые",
    "multiply-adds": "умножения со сложением",
    "FLOPs, with elementwise": "FLOP вместе с поэлементными",
    "activations, elements": "активации, элементов",
    "layers deep": "слоёв в глубину",
    "receptive field, px": "поле зрения, пикселей",
    "What was measured": "Что измерено",
    "measured, means over seeds": "измерено, в среднем по начальным числам",
    "To have it again": "Как получить снова",
    "This does every experiment of this report again, from the page itself, and says what differs:": (
        "Эта строка повторяет все опыты отчёта по самой странице и говорит, что отличается:"
    ),
    "made with": "получено командой",
    "seeds": "начальные числа",
    "device": "устройство",
    "date": "дата",
    "seconds": "секунд",
    "images": "изображения",
    "SHA-256 of images and labels": "SHA-256 изображений и меток",
    "versions": "версии",
    "not recorded": "не записано",
    "Lesson": "Урок",
    "Written on {date} with {versions}.": "Написано {date}: {versions}.",
    "References": "Литература",
    "{title}, {i} of {count}": "{title}, {i} из {count}",
    "Validation accuracy": "Точность на проверочных изображениях",
    "Validation loss": "Потери на проверочных изображениях",
    "Training accuracy": "Точность на обучающих изображениях",
    "Training loss": "Потери на обучающих изображениях",
    "Gradient by block": "Градиент по блокам",
    "Mean square by block": "Средний квадрат по блокам",
    "after each epoch": "после каждой эпохи",
    "over each epoch": "за каждую эпоху",
    "norm of dE/dy, logarithmic": "норма dE/dy, логарифм",
    "of what leaves it, logarithmic": "на выходе, логарифм",
    "epoch": "эпоха",
    "part": "доля обучения",
    "{name}, seed {seed}": "{name}, начальное число {seed}",
    # figures of lessons
    "accuracy": "точность",
    "train accuracy": "точность при обучении",
    "loss": "потери",
    "images per second": "изображений в секунду",
    "reach": "доля градиента",
    "growth": "рост сигнала",
    "formula error": "остаток формулы",
    "direct": "прямой член",
    "mean iou": "среднее пересечение к объединению",
    "backbone share": "доля основы",
    "diverged at step": "разошлась на шаге",
}
_LANGUAGES: dict[str, dict[str, str]] = {"ru": _RUSSIAN}


def words(language: str) -> Say:
    """What says a phrase in a language; in one that has no table, and for a phrase that is not in it, in English."""
    table = _LANGUAGES.get(language, {})
    return lambda phrase, **values: table.get(phrase, phrase).format(**values)


ENGLISH = words("en")
