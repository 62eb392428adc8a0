from __future__ import annotations

import socket

import pytest

from xinglin.auth.errors import SendingFailed
from xinglin.auth.mail import MailSender
from xinglin.auth.sms import HttpSmsGateway, NoSmsGateway


@pytest.fixture
def mail(simulator):
    host, _, port = simulator.smtp.partition(":")

    def make(**more):
        return MailSender(host, int(port), "门户 <xinglin@hospital.example>", **{"security": "none", **more})

    return make


@pytest.fixture
def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_mail_arrives_as_it_was_written(mail, simulator):
    mail().send("wangli@hospital.example", "验证码", "您的验证码是 123456。\n")

    received = simulator.get("mail", to="wangli@hospital.example")["mails"]
    assert [(found["subject"], found["text"]) for found in received] == [
        ("验证码", "您的验证码是 123456。\n")
    ]


@pytest.mark.parametrize(
    "more", [{"security": "starttls"}, {"security": "tls"}, {"user": "u", "password": "p"}]
)
def test_what_the_server_cannot_do_is_a_failure_not_a_silence(mail, simulator, more):
    with pytest.raises(SendingFailed, match="could not be sent"):
        mail(timeout=2, **more).send("wangli@hospital.example", "x", "x")
    assert simulator.get("mail")["mails"] == []


def test_a_header_cannot_be_smuggled_in(mail, simulator):
    with pytest.raises(SendingFailed):
        mail().send("wangli@hospital.example\r\nBcc: evil@evil.example", "x", "x")
    assert simulator.get("mail")["mails"] == []


def test_a_server_that_is_not_there(closed_port):
    with pytest.raises(SendingFailed, match="could not be sent"):
        MailSender("127.0.0.1", closed_port, "a@b.example", "none").send("c@b.example", "x", "x")


def test_a_hospital_without_mail_says_so():
    with pytest.raises(SendingFailed, match="sends no mails"):
        MailSender("", 25, "").send("c@b.example", "x", "x")


def test_a_short_message_arrives(simulator):
    HttpSmsGateway(simulator.sms, "sms-token").send("13800000001", "您的验证码是 123456", "r1")

    received = simulator.get("sms", to="13800000001")["messages"]
    assert [(found["text"], found["reference"]) for found in received] == [("您的验证码是 123456", "r1")]


def test_a_gateway_that_refuses_or_is_not_there(simulator, closed_port):
    for url in (f"http://127.0.0.1:{closed_port}", f"{simulator.sms}/nowhere"):
        with pytest.raises(SendingFailed, match="could not be sent"):
            HttpSmsGateway(url, "sms-token").send("13800000001", "x", "r1")


def test_a_hospital_without_gateway_says_so():
    with pytest.raises(SendingFailed, match="no short messages"):
        NoSmsGateway().send("13800000001", "x", "r1")
