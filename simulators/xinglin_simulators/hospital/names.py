"""Names: common and multi-reading surnames, rare characters, names with a middle dot."""

from __future__ import annotations

import random

COMMON = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭肖田董袁潘于蒋蔡余杜叶程苏魏丁任沈"
SEVERAL_READINGS = "单曾仇解区查覃朴盖乐吕尹缪"
COMPOUND = ("尉迟", "万俟", "欧阳", "上官", "司马", "诸葛")
FEMALE = "丽芳娟敏静秀娜艳洁燕玲婷雪慧莹颖琳梅红霞萍倩蕾薇璐悦怡欣妍雅佳瑶岚菲晴蓉"
MALE = "伟强磊军洋勇杰涛明超刚平辉鹏华飞斌波宇浩凯健俊帆峰志远博文建国成林海东旭晨"
BOTH = "晓文思子嘉家雨天一新春宁安乐永清云若亦书"

SPECIAL = (
    ("𠮷田敏", 2),
    ("龚䶮", 1),
    ("刘㛃", 2),
    ("吕玥㛃", 2),
    ("陈𠮷祥", 1),
    ("阿依古丽·买买提", 2),
    ("古丽娜尔·阿不都热合曼", 2),
    ("迪丽努尔·艾合买提江·吐尔逊", 2),
    ("尼玛·次仁", 1),
    ("斯琴·高娃", 2),
    ("Anna·李", 2),
    ("尉迟敬文", 1),
    ("万俟雪", 2),
    ("朴恩惠", 2),
    ("区小燕", 2),
    ("仇志刚", 1),
)

_RESERVED = {"王丽"}


class NameBook:
    """Hands out full names; full names do repeat a little, as in any big hospital, but 王丽 is reserved."""

    def __init__(self, source: random.Random) -> None:
        self._source = source
        self._special = list(SPECIAL)

    def special(self) -> tuple[str, int] | None:
        """The next unusual name with its gender (1 male, 2 female), or None when all are used."""
        return self._special.pop(0) if self._special else None

    def ordinary(self, female_share: float) -> tuple[str, int]:
        """A name and its gender (1 male, 2 female)."""
        gender = 2 if self._source.random() < female_share else 1
        while True:
            name = self._surname() + self._given(gender)
            if name not in _RESERVED:
                return name, gender

    def _surname(self) -> str:
        draw = self._source.random()
        if draw < 0.01:
            return self._source.choice(COMPOUND)
        if draw < 0.08:
            return self._source.choice(SEVERAL_READINGS)
        return self._source.choice(COMMON)

    def _given(self, gender: int) -> str:
        own = FEMALE if gender == 2 else MALE
        last = self._source.choice(own)
        if self._source.random() < 0.2:
            return last
        return self._source.choice(BOTH + own) + last
