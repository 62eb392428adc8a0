"""Loopback stand-ins for the systems around the portal: WeCom, a phone, mail and SMS.

Independent of the portal by intent: the two must agree only through the documented wire protocol.
"""
