namespace Canal.Linux.Xfrm;

/// <summary>linux/xfrm.h: numbers, lengths and offsets of its structures.</summary>
internal static class XfrmConstants
{
    internal const int NETLINK_XFRM = 6;
    internal const int XFRMNLGRP_POLICY = 4;

    internal const ushort XFRM_MSG_NEWSA = 0x10;
    internal const ushort XFRM_MSG_DELSA = 0x11;
    internal const ushort XFRM_MSG_NEWPOLICY = 0x13;
    internal const ushort XFRM_MSG_DELPOLICY = 0x14;
    internal const ushort XFRM_MSG_GETPOLICY = 0x15;
    internal const ushort XFRM_MSG_UPDPOLICY = 0x19;

    internal const ushort XFRMA_TMPL = 5;
    internal const ushort XFRMA_POLICY_TYPE = 16;
    internal const ushort XFRMA_ALG_AEAD = 18;
    internal const ushort XFRMA_MARK = 21;
    internal const ushort XFRMA_IF_ID = 31;

    internal const byte XFRM_MODE_TUNNEL = 1;
    internal const byte IPPROTO_ESP = 50;

    // struct xfrm_userpolicy_info: selector, limits, use so far, then these.
    internal const int PolicyLength = 168;
    internal const int PolicyLimits = 56;
    internal const int PolicyPriority = 152;
    internal const int PolicyDirection = 160;
    internal const int PolicyAction = 161;

    // struct xfrm_userpolicy_id.
    internal const int PolicyIdLength = 64;
    internal const int PolicyIdDirection = 60;

    // struct xfrm_selector.
    internal const int SelectorSource = 16;
    internal const int SelectorPorts = 32;
    internal const int SelectorFamily = 40;
    internal const int SelectorDestinationLength = 42;
    internal const int SelectorSourceLength = 43;
    internal const int SelectorProtocol = 44;
    internal const int SelectorInterface = 48;

    // struct xfrm_user_tmpl.
    internal const int TemplateLength = 64;
    internal const int TemplateProtocol = 20;
    internal const int TemplateFamily = 24;
    internal const int TemplateSource = 28;
    internal const int TemplateRequestId = 44;
    internal const int TemplateMode = 48;
    internal const int TemplateOptional = 50;
    internal const int TemplateAlgorithms = 52;

    // struct xfrm_usersa_info.
    internal const int StateLength = 224;
    internal const int StateDestination = 56;
    internal const int StateSpi = 72;
    internal const int StateProtocol = 76;
    internal const int StateSource = 80;
    internal const int StateLimits = 96;
    internal const int StateFamily = 212;
    internal const int StateMode = 214;

    // struct xfrm_usersa_id.
    internal const int StateIdLength = 24;
    internal const int StateIdSpi = 16;
    internal const int StateIdFamily = 20;
    internal const int StateIdProtocol = 22;

    // Of struct xfrm_lifetime_cfg the first four, of bytes and packets; all ones is no limit.
    internal const int VolumeLimits = 32;

    // struct xfrm_algo_aead: name, key length and check value length in bits, key.
    internal const int AlgorithmName = 64;
    internal const int AlgorithmHead = 72;
}
