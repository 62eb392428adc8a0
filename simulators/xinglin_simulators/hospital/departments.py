"""The 62 departments: four groups and the 58 units in them."""

from __future__ import annotations

from dataclasses import dataclass, field

from .model import CAMPUSES, ROOT_ID, Department, Kind

GROUPS = (
    (2, "临床科室", "Clinical departments"),
    (3, "住院病区", "Inpatient wards"),
    (4, "医技科室", "Medical technology"),
    (5, "职能部门", "Administration"),
)


@dataclass(frozen=True)
class Unit:
    """A unit and its share of each kind of staff (relative weights, not head counts)."""

    id: int
    name: str
    name_en: str
    campus: int
    staff: dict[Kind, int] = field(default_factory=dict)


def _clinical(number: int, name: str, name_en: str, campus: int, doctors: int, nurses: int) -> Unit:
    staff = {Kind.DOCTOR: doctors, Kind.NURSE: nurses, Kind.ADMINISTRATION: 1}
    return Unit(number, name, name_en, campus, staff)


CLINICAL = (
    _clinical(11, "妇科门诊", "Gynaecology Clinic", 0, 16, 12),
    _clinical(12, "产科门诊", "Obstetrics Clinic", 0, 18, 14),
    _clinical(13, "产前诊断中心", "Prenatal Diagnosis Centre", 0, 12, 8),
    _clinical(14, "生殖医学中心", "Reproductive Medicine Centre", 1, 18, 16),
    _clinical(15, "计划生育科", "Family Planning", 0, 8, 8),
    _clinical(16, "乳腺科", "Breast Surgery", 1, 12, 10),
    _clinical(17, "盆底康复中心", "Pelvic Floor Rehabilitation", 2, 6, 10),
    _clinical(18, "儿内科门诊", "Paediatric Medicine Clinic", 1, 18, 16),
    _clinical(19, "小儿呼吸科", "Paediatric Respiratory Medicine", 1, 14, 14),
    _clinical(20, "小儿神经科", "Paediatric Neurology", 1, 12, 12),
    _clinical(21, "小儿心血管科", "Paediatric Cardiology", 1, 12, 12),
    _clinical(22, "儿童康复科", "Child Rehabilitation", 2, 10, 14),
    _clinical(23, "儿童保健科", "Child Health Care", 2, 16, 14),
    _clinical(24, "五官科", "Ophthalmology, ENT and Dentistry", 2, 14, 8),
    _clinical(25, "中医科", "Traditional Chinese Medicine", 2, 8, 4),
    _clinical(26, "心理科", "Psychology", 2, 6, 3),
    _clinical(27, "麻醉科", "Anaesthesiology", 0, 30, 12),
    _clinical(28, "急诊科", "Emergency", 0, 20, 26),
)

WARDS = (
    _clinical(31, "产一病区", "Obstetrics Ward 1", 0, 14, 26),
    _clinical(32, "产二病区", "Obstetrics Ward 2", 0, 14, 26),
    _clinical(33, "产三病区", "Obstetrics Ward 3", 1, 12, 24),
    _clinical(34, "产四病区", "Obstetrics Ward 4", 1, 12, 24),
    _clinical(35, "妇一病区", "Gynaecology Ward 1", 0, 14, 22),
    _clinical(36, "妇二病区", "Gynaecology Ward 2", 0, 14, 22),
    _clinical(37, "妇三病区", "Gynaecology Ward 3", 1, 12, 20),
    _clinical(38, "新生儿科", "Neonatology and NICU", 0, 24, 48),
    _clinical(39, "儿童重症医学科", "Paediatric Intensive Care (PICU)", 1, 14, 30),
    _clinical(40, "儿内一病区", "Paediatric Ward 1", 1, 12, 22),
    _clinical(41, "儿内二病区", "Paediatric Ward 2", 1, 12, 22),
    _clinical(42, "儿内三病区", "Paediatric Ward 3", 1, 10, 20),
    _clinical(43, "儿外病区", "Paediatric Surgery Ward", 1, 16, 22),
    _clinical(44, "生殖病区", "Reproductive Medicine Ward", 1, 8, 14),
    _clinical(45, "重症医学科", "Intensive Care (ICU)", 0, 12, 24),
    _clinical(46, "产房", "Delivery Suite", 0, 6, 34),
    _clinical(47, "手术室", "Operating Theatres", 0, 2, 40),
)


def _technical(number: int, name: str, name_en: str, campus: int, technicians: int, doctors: int) -> Unit:
    return Unit(number, name, name_en, campus, {Kind.TECHNICIAN: technicians, Kind.DOCTOR: doctors})


TECHNICAL = (
    _technical(51, "检验科", "Clinical Laboratory", 0, 70, 0),
    _technical(52, "超声科", "Ultrasound", 0, 34, 16),
    _technical(53, "放射科", "Radiology", 0, 34, 10),
    _technical(54, "病理科", "Pathology", 0, 16, 6),
    _technical(55, "输血科", "Blood Transfusion", 0, 12, 1),
    Unit(56, "药学部", "Pharmacy", 0, {Kind.PHARMACIST: 1, Kind.ADMINISTRATION: 2}),
    _technical(57, "心电图室", "Electrocardiography", 1, 12, 1),
    _technical(58, "医学遗传科", "Medical Genetics", 0, 32, 6),
)


def _office(number: int, name: str, name_en: str, staff: int, *, nurses: int = 0, doctors: int = 0) -> Unit:
    shares = {Kind.ADMINISTRATION: staff, Kind.NURSE: nurses, Kind.DOCTOR: doctors}
    return Unit(number, name, name_en, 0, shares)


OFFICES = (
    _office(61, "院领导", "Hospital Leadership", 6),
    _office(62, "院长办公室", "President's Office", 10),
    _office(63, "党委办公室", "Party Committee Office", 6),
    _office(64, "纪检监察室", "Discipline Inspection", 4),
    _office(65, "人力资源部", "Human Resources", 12),
    _office(66, "财务科", "Finance", 24),
    _office(67, "医务部", "Medical Affairs", 10, doctors=2),
    _office(68, "护理部", "Nursing Department", 2, nurses=6),
    _office(69, "质控院感科", "Quality and Infection Control", 6, nurses=4),
    _office(70, "科教科", "Research and Education", 10),
    _office(71, "信息科", "Information Technology", 18),
    _office(72, "设备科", "Equipment", 14),
    _office(73, "总务保卫科", "General Services and Security", 36),
    _office(74, "医保科", "Medical Insurance", 10),
    _office(75, "宣传科", "Communications", 6),
)

UNITS_BY_GROUP = {2: CLINICAL, 3: WARDS, 4: TECHNICAL, 5: OFFICES}
UNITS = CLINICAL + WARDS + TECHNICAL + OFFICES


def departments() -> tuple[Department, ...]:
    """Groups first, then their units; leaders are filled in once people exist."""
    rows = [
        Department(number, name, name_en, ROOT_ID, CAMPUSES[0], 100 - number)
        for number, name, name_en in GROUPS
    ]
    for group_id, units in UNITS_BY_GROUP.items():
        rows.extend(
            Department(unit.id, unit.name, unit.name_en, group_id, CAMPUSES[unit.campus], 1000 - unit.id)
            for unit in units
        )
    return tuple(rows)
