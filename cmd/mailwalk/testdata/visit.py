"""Send mails with smtplib and read them with poplib and imaplib.

usage: visit.py SUBMISSION RELAY POP3 IMAP, each an ADDRESS:PORT
"""

import email
import email.policy
import imaplib
import poplib
import smtplib
import sys
import time
from email.message import EmailMessage

PATIENCE = 120  # seconds
OCTETS = bytes(range(256)) * 40


def address(arg):
    host, port = arg.split(":")
    return host, int(port)


def refused(kind, attempt, code):
    try:
        attempt()
    except kind as e:
        assert e.smtp_code == code, e
    else:
        raise AssertionError(f"it was not refused with {code}")


def send(submission, relay):
    mail = EmailMessage()
    mail["From"], mail["To"] = "alice@acme.test", "bob@globex.test"
    mail["Subject"] = "Grüße von Python"
    mail.set_content("Grüße\n.a dot\n..two\n.\nthe end\n")
    mail.add_attachment(OCTETS, maintype="application", subtype="octet-stream", filename="all.bin")
    with smtplib.SMTP(*submission, timeout=PATIENCE) as s:
        assert s.ehlo("python.test")[0] == 250
        assert s.ehlo("again.test")[0] == 250
        assert s.has_extn("size") and s.has_extn("8bitmime") and not s.has_extn("starttls")
        assert b"RCPT" in s.help()
        assert s.noop()[0] == 250 and s.rset()[0] == 250
        one = ("alice@acme.test", "bob@globex.test", "Subject: x\r\n\r\nx\r\n")
        refused(smtplib.SMTPSenderRefused, lambda: s.sendmail(*one), 530)
        refused(smtplib.SMTPAuthenticationError, lambda: s.login("alice@acme.test", "wrong"), 535)
        s.login("alice@acme.test", "looking-glass")
        s.send_message(mail)
        for i in range(2):
            s.sendmail("alice@acme.test", ["bob@globex.test"], f"Subject: Python {i}\r\n\r\nx\r\n")
    with smtplib.SMTP(*relay, local_hostname="python.test", timeout=PATIENCE) as s:
        s.sendmail("carol@outside.test", ["bob@globex.test"], "Subject: Python relays\r\n\r\nx\r\n")
        try:
            s.sendmail("carol@outside.test", ["nobody@globex.test"], "Subject: y\r\n\r\ny\r\n")
        except smtplib.SMTPRecipientsRefused as e:
            assert e.recipients["nobody@globex.test"][0] == 550, e
        else:
            raise AssertionError("a mailbox that does not exist has taken a mail")


def whole(octets):
    mail = email.message_from_bytes(octets, policy=email.policy.default)
    assert mail["Subject"] == "Grüße von Python", mail["Subject"]
    text = mail.get_body().get_content().replace("\r\n", "\n")
    assert text == "Grüße\n.a dot\n..two\n.\nthe end\n", text
    assert [a.get_content() for a in mail.iter_attachments()] == [OCTETS]


def arrived(imap, subjects):
    """Waits until mails with these subjects are there, and returns their numbers."""
    late = time.monotonic() + PATIENCE
    with imaplib.IMAP4(*imap, timeout=PATIENCE) as i:
        i.login("bob@globex.test", "marmalade")
        while True:
            i.select("INBOX", readonly=True)
            found = [i.search("UTF-8", "SUBJECT", f'"{s}"')[1][0].split() for s in subjects]
            if all(found):
                return [f[0].decode() for f in found]
            assert time.monotonic() < late, found
            i.noop()


def by_pop3(pop3, number):
    p = poplib.POP3(*pop3, timeout=PATIENCE)
    assert "UIDL" in p.capa() and "TOP" in p.capa()
    p.user("bob@globex.test")
    p.pass_("marmalade")
    count, size = p.stat()
    listed = [line.split() for line in p.list()[1]]
    assert count == len(listed) == len(p.uidl()[1]) and size == sum(int(octets) for _, octets in listed)
    octets = b"".join(line + b"\r\n" for line in p.retr(number)[1])
    whole(octets)
    assert int(dict(listed)[number.encode()]) == len(octets)
    assert p.top(number, 0)[1][-1] == b""
    p.dele(number)
    p.rset()
    p.noop()
    p.quit()


def by_imap(imap, number, last):
    i = imaplib.IMAP4(*imap, timeout=PATIENCE)
    i.login("bob@globex.test", "marmalade")
    i.select("INBOX")
    answer = i.fetch(number, "(FLAGS BODY.PEEK[])")[1]
    assert b"\\Seen" not in answer[0][0] + answer[-1], answer
    whole(answer[0][1])
    whole(i.fetch(number, "(RFC822)")[1][0][1])
    assert b"\\Seen" in i.fetch(number, "(FLAGS)")[1][0]
    assert b"\\Flagged" in i.store(number, "+FLAGS", "(\\Flagged)")[1][0]
    assert i.create("Work")[0] == "OK"
    assert i.copy(number, "Work")[0] == "OK"
    assert i.append("Work", "(\\Seen)", imaplib.Time2Internaldate(1_700_000_000), b"Subject: z\r\n\r\nz\r\n")[0] == "OK"
    assert b"MESSAGES 2" in i.status("Work", "(MESSAGES)")[1][0]
    i.store(last, "+FLAGS", "(\\Deleted)")
    assert i.expunge()[1] == [last.encode()]
    assert i.close()[0] == "OK"
    i.select("Work")
    whole(i.fetch("1", "(RFC822)")[1][0][1])
    assert i.uid("FETCH", "2", "(INTERNALDATE)")[1][0].find(b"14-Nov-2023") > 0
    i.logout()
    try:
        imaplib.IMAP4(*imap, timeout=PATIENCE).login("bob@globex.test", "wrong")
    except imaplib.IMAP4.error as e:
        assert "AUTHENTICATIONFAILED" in str(e), e
    else:
        raise AssertionError("a wrong password was accepted")


def main():
    submission, relay, pop3, imap = map(address, sys.argv[1:])
    send(submission, relay)
    first, *_, last = arrived(imap, ["von Python", "Python 0", "Python 1", "Python relays"])
    by_pop3(pop3, first)
    by_imap(imap, first, last)
    print("all is well")


main()
