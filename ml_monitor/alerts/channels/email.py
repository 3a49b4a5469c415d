"""Alerts by email, as text and HTML."""

import smtplib
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

from ml_monitor.alerts.channels.base import SendResult
from ml_monitor.alerts.chart import chart
from ml_monitor.alerts.message import AlertMessage
from ml_monitor.settings import wall_clock

_SUBJECT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class MailServer:
    """A submission server."""

    host: str
    port: int = 587
    user: str | None = None
    password: str | None = None
    starttls: bool = True
    """Whether to insist on TLS with a certificate that is valid for the host."""


class EmailChannel:
    """Sends one mail per message, to all recipients at once.

    The Message-ID is made of the delivery id, the same in each attempt; mails of an incident are one thread. What the value did
    before is attached as a picture.

    Args:
        server: Where to submit.
        sender: Address of the sender.
        recipients: Addresses of the recipients.
        timeout: Seconds to wait for each answer.
    """

    name = "email"
    digests = True
    draws = True

    def __init__(self, server: MailServer, sender: str, recipients: tuple[str, ...], timeout: float = 10.0) -> None:
        self._server = server
        self._sender = sender
        self._recipients = recipients
        self._timeout = timeout

    def send(self, message: AlertMessage) -> SendResult:
        """Submit the mail. Answers 4xx of the server are tried again, as SMTP has it; 5xx are final."""
        mail = email(message, self._sender, self._recipients)
        try:
            with smtplib.SMTP(self._server.host, self._server.port, timeout=self._timeout) as client:
                if self._server.starttls:
                    client.starttls(context=ssl.create_default_context())
                if self._server.user is not None:
                    client.login(self._server.user, self._server.password or "")
                refused = client.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            return _refused(max(code for code, _ in error.recipients.values()))
        except smtplib.SMTPResponseException as error:
            return _refused(error.smtp_code)
        except (smtplib.SMTPException, OSError) as error:
            return SendResult(False, error=f"no answer ({type(error).__name__})")
        # Whoever else got it must not get it again: a partly refused mail is sent, and says for how many.
        note = f"refused for {len(refused)} of {len(self._recipients)} recipients" if refused else None
        return SendResult(True, 250, note, provider_reference=mail["Message-ID"])


def email(message: AlertMessage, sender: str, recipients: tuple[str, ...]) -> EmailMessage:
    """The message as a mail."""
    domain = Address(addr_spec=sender).domain
    mail = EmailMessage()
    mail["Subject"] = " ".join(message.title.split())[:_SUBJECT_CHARACTERS]
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Date"] = format_datetime(wall_clock())
    mail["Message-ID"] = f"<{message.delivery_id}@{domain}>"
    mail["References"] = " ".join(filter(None, [f"<{message.incident_id}@{domain}>", message.reply_to]))
    mail["Auto-Submitted"] = "auto-generated"
    lines = [message.title, "", *(f"{name}: {detail}" for name, detail in message.fields)]
    links = [("Open report", message.link)] if message.link else []
    links += message.answers
    mail.set_content("\n".join([*lines, *(f"\n{label}: {url}" for label, url in links)]))
    rows = "".join(f"<tr><th align=left>{escape(name)}</th><td>{escape(detail)}</td></tr>" for name, detail in message.fields)
    link = "".join(f'<p><a href="{escape(url)}">{escape(label)}</a></p>' for label, url in links)
    picture = chart(message)
    shown = (
        f'<p><img src="cid:chart-{message.delivery_id}@{domain}" alt="{escape(message.text)}" width="620"></p>' if picture else ""
    )
    mail.add_alternative(f"<h2>{escape(message.title)}</h2>{shown}<table>{rows}</table>{link}", subtype="html")
    if picture:
        html = mail.get_body(("html",))
        if html is not None:
            html.add_related(
                picture, "image", "png", cid=f"<chart-{message.delivery_id}@{domain}>", filename="chart.png", disposition="inline"
            )
    return mail


def _refused(smtp_code: int) -> SendResult:
    # The ledger reads codes as HTTP has them, where 5xx passes and 4xx stays: SMTP has it the other way round.
    # The server's words can hold the addresses and the user's name; the code is enough.
    code = 400 if smtp_code >= 500 else 503
    return SendResult(False, code, f"SMTP {smtp_code}")
