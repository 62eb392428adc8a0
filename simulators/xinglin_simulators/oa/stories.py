"""Users, four flows and a dozen documents of the fictional hospital."""

from __future__ import annotations

import zlib

from xinglin_simulators.hospital import load_hospital

from .desk import FIRST_USER, Attached, Desk, Field, Flow, Node, Request, User

HOUR = 3600.0
LEADER, CLERK, HEAD, DOCTOR, AFFAIRS, NURSE = "A10001", "a10041", "d10032", "D10031", "A10042", "N10011"

FLOWS = (
    Flow(
        11,
        "设备维修申请",
        "后勤",
        (
            Field("sb", "设备名称"),
            Field("gz", "故障现象", "2"),
            Field("cd", "紧急程度", "5", ("一般", "加急")),
        ),
        (Node(101, "申请人"), Node(102, "科主任审核", HEAD), Node(103, "医务部审核", AFFAIRS)),
        (CLERK,),
    ),
    Flow(
        12,
        "差旅费报销",
        "财务",
        (Field("sy", "出差事由"), Field("je", "金额（元）"), Field("fj", "票据", "6", is_required=False)),
        (Node(201, "申请人"), Node(202, "科主任审核", HEAD), Node(203, "院长审批", LEADER)),
        (CLERK,),
    ),
    Flow(
        13,
        "外来文件传阅",
        "行政",
        (
            Field("lwdw", "来文单位"),
            Field("zy", "内容摘要", "2"),
            Field("fj", "附件", "6", is_required=False),
        ),
        (Node(301, "登记"), Node(302, "院长批示", LEADER), Node(303, "医务部承办", AFFAIRS)),
        (HEAD, NURSE, DOCTOR),
    ),
    Flow(
        14,
        "新技术准入申请",
        "医疗",
        (Field("js", "技术名称"), Field("ly", "申请理由", "2")),
        (Node(401, "申请人"), Node(402, "医务部初审", AFFAIRS), Node(403, "院长审批", LEADER)),
        (),
    ),
)
STORIES = (
    (11, "儿内一科输液泵报警维修", DOCTOR, 0, 5, {"sb": "输液泵", "gz": "频繁误报警", "cd": "加急"}),
    (11, "儿内一科心电监护仪屏幕更换", NURSE, 1, 30, {"sb": "心电监护仪", "gz": "屏幕花屏", "cd": "一般"}),
    (11, "治疗室空调维修", NURSE, 2, 80, {"sb": "空调", "gz": "不制冷", "cd": "一般"}),
    (12, "全国儿科年会差旅费报销", DOCTOR, 0, 7, {"sy": "参加全国儿科年会", "je": "4860.00"}),
    (12, "省妇幼工作会议差旅费报销", AFFAIRS, 1, 26, {"sy": "参加省妇幼工作会议", "je": "1320.50"}),
    (12, "护理管理培训差旅费报销", NURSE, 2, 100, {"sy": "参加护理管理培训", "je": "2980.00"}),
    (
        13,
        "市卫健委关于开展安全生产检查的通知",
        CLERK,
        0,
        3,
        {"lwdw": "市卫生健康委", "zy": "本月底前完成自查。"},
    ),
    (13, "省医保局关于调整儿科服务价格的函", CLERK, 1, 28, {"lwdw": "省医保局", "zy": "自下月起执行。"}),
    (13, "市疾控中心关于秋冬季防控的提示", CLERK, 2, 60, {"lwdw": "市疾控中心", "zy": "加强预检分诊。"}),
    (14, "儿童支气管镜肺泡灌洗技术", HEAD, 0, 10, {"js": "肺泡灌洗", "ly": "重症肺炎患儿需要。"}),
    (14, "新生儿亚低温治疗", DOCTOR, 1, 50, {"js": "亚低温治疗", "ly": "改善缺氧缺血性脑病预后。"}),
    (14, "床旁超声引导深静脉置管", DOCTOR, 2, 200, {"js": "床旁超声", "ly": "提高置管成功率。"}),
)
"""Flow, title, creator, steps already done, age in hours, values."""


def users() -> list[User]:
    """Everybody of the hospital; the OA has numbers of its own."""
    hospital = load_hospital()
    names = {department.id: department.name for department in hospital.departments}
    return [
        User(FIRST_USER + at, person.staff_no, person.userid, person.name, names[person.department_id])
        for at, person in enumerate(hospital.people)
    ]


def open_desk(now: float) -> Desk:
    """The OA as it is found at the beginning."""
    desk = Desk(users(), FLOWS)
    for flow_id, title, creator, steps, hours, values in STORIES:
        started = now - hours * HOUR
        request = desk.start(desk.flows[flow_id], title, desk.user_of(creator).id, dict(values), started)
        request.level = "1" if values.get("cd") == "加急" or flow_id == 13 else "0"
        _attach(request)
        for step in range(steps):
            desk.submit(request, desk.user_of(request.node.login).id, "同意。", started + (step + 1) * HOUR)
    desk.news.clear()
    return desk


def _attach(request: Request) -> None:
    if any(field.kind == "6" for field in request.flow.fields):
        content = picture(request.id)
        request.files = (Attached(request.id * 10, f"{request.title[:12]}.png", content),)
        request.values["fj"] = str(request.id * 10)


def picture(seed: int) -> bytes:
    """A small PNG, different for each document."""
    header = b"\x00\x00\x00\x40\x00\x00\x00\x40\x08\x02\x00\x00\x00"
    row = b"\x00" + bytes((seed * 7 % 256, seed * 13 % 256, 160)) * 64
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(row * 64)), (b"IEND", b""))
    body = b"".join(
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + body
