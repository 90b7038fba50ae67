"""What of OpenDSS's language is admitted, what is left out, and what is refused in which words.

OpenDSS runs whatever a script says: it reads and writes files anywhere, and starts programs. Only what
stands here as admitted reaches it.
"""

ADMITTED_CLASSES = frozenset(
    {
        "circuit", "cndata", "line", "linecode", "linegeometry", "linespacing", "load", "reactor",
        "transformer", "tsdata", "vsource", "wiredata", "xfmrcode",
    }
)  # fmt: skip
# Objects that loads name: OpenDSS is given one of the name, with nothing of its content.
NAMED_CLASSES = {
    "loadshape": "npts=1 interval=1 mult=(1)",
    "growthshape": "npts=1 year=(1) mult=(1)",
    "spectrum": "numharm=1 harmonic=(1) %mag=(100) angle=(0)",
    "tcc_curve": "npts=1 C_array=(1) T_array=(1)",
}
IGNORED_CLASSES = frozenset(
    {
        *NAMED_CLASSES, "dynamicexp", "energymeter", "fuse", "monitor", "priceshape", "recloser", "relay",
        "sensor", "tempshape", "tshape", "xycurve",
    }
)  # fmt: skip
NO_PART = "leave it out, or write enabled=no"
PARTICIPANT = "make it a participant of the case, and leave it out or write enabled=no"
FIXED_TAP = "write the tap that the transformer stands at, and leave it out or write enabled=no"
REFUSED_CLASSES = {
    "autotrans": ("is an autotransformer, which three phases have no model for", NO_PART),
    "capacitor": ("is a capacitor, which three phases have no model for", NO_PART),
    "capcontrol": ("controls a capacitor, and clearing takes the network as it stands", NO_PART),
    "fault": ("is a fault, and the network is one without faults", NO_PART),
    "generator": ("is a generator, and generation is that of participants", PARTICIPANT),
    "gictransformer": ("is for geomagnetic currents, which are not modelled", NO_PART),
    "indmach012": ("is a machine, and generation is that of participants", PARTICIPANT),
    "invcontrol": ("controls an inverter, and participants have power factors", NO_PART),
    "isource": ("is a current source, which three phases have no model for", NO_PART),
    "pvsystem": ("is a photovoltaic system, and generation is that of participants", PARTICIPANT),
    "regcontrol": ("regulates a tap, and clearing takes the network as it stands", FIXED_TAP),
    "storage": ("is a storage, which is a participant", PARTICIPANT),
    "storagecontroller": ("controls a storage, which is a participant", NO_PART),
    "swtcontrol": (
        "controls a switch, and clearing takes the network as it stands",
        "write `Open` for an open one, and leave the control out",
    ),
    "upfc": ("is a power flow controller, which three phases have no model for", NO_PART),
    "vccs": ("is a controlled current source, which three phases have no model for", NO_PART),
}
UNKNOWN_CLASS = ("is of a class that gridpact does not read", NO_PART)

OBJECT_VERBS = frozenset({"new", "edit", "open", "close", "enable", "disable"})
CONTINUING = frozenset({"~", "more", "m"})
READING = frozenset({"redirect", "compile"})
CLEARING = frozenset({"clear", "clearall"})
ENGINE_VERBS = frozenset({"calcvoltagebases", "setkvbase"})
ALIASES = {"calcv": "calcvoltagebases"}
# These look at results or draw: without them the network is the same.
IGNORED_VERBS = frozenset(
    {
        "?", "about", "addbusmarker", "busconds", "buscoords", "buildy", "clearbusmarkers", "closedi",
        "comparecases", "di_plot", "export", "formedit", "get", "help", "init", "latlongcoords",
        "makebuslist", "nodediff", "panel", "plot", "powers", "reset", "rotate", "sample", "save", "setbusxy",
        "seqcurrents", "seqpowers", "seqvoltages", "show", "solve", "summary", "totals", "visualize",
        "voltages", "yearlycurves",
    }
)  # fmt: skip
REFUSED_VERBS = {
    "allocateloads": ("changes loads by what meters say", "leave it out"),
    "batchedit": ("edits whatever fits a pattern", "edit the elements by their names"),
    "cd": ("changes the folder that files are read from", "name files by their path from this file's folder"),
    "distribute": ("writes a file of generators", "leave it out"),
    "doscmd": ("starts a program", "leave it out"),
    "fileedit": ("starts a program", "leave it out"),
    "makeposseq": ("makes the circuit its positive sequence", "leave it out, or set model = 'balanced'"),
    "reduce": ("changes the circuit", "leave it out"),
    "var": ("defines variables, which are not read", "write their values where they are used"),
}
UNKNOWN_VERB = (
    "is not among the commands that are read",
    "write whole commands: New, Edit, ~, Redirect, Compile, Clear, Set, CalcVoltageBases, SetkVBase, Open, "
    "Close, Enable, Disable, Solve",
)

ADMITTED_OPTIONS = {
    "voltagebases": "voltagebases",
    "defaultbasefrequency": "defaultbasefrequency",
    "defaultbasefreq": "defaultbasefrequency",
    "earthmodel": "earthmodel",
    "longlinecorrection": "longlinecorrection",
}
# How it is solved, what is written, drawn or said; nothing of the network.
IGNORED_OPTIONS = frozenset(
    {
        "algorithm", "allowduplicates", "case", "casename", "controlmode", "daisysize", "defaultdaily",
        "defaultyearly", "demandinterval", "dibverbose", "diverbose", "emergvmaxpu", "emergvminpu",
        "frequency", "genmult", "growth", "%growth", "h", "harmonics", "hour", "loadmodel", "loadmult",
        "markerloads", "marktransformers", "maxcontroliter", "maxiter", "maxiterations", "miniterations",
        "mode", "normvmaxpu", "normvminpu", "nodewidth", "number", "overloadreport", "random", "sec",
        "sampleenergymeters", "samplesenergy", "sampling", "stepsize", "time", "tolerance", "totaltime",
        "tracecontrol", "trapezoidal", "voltexceptionreport", "year", "zonelock",
    }
)  # fmt: skip
UNKNOWN_OPTION = (
    "is an option that is not read",
    "leave it out; the network takes voltagebases and frequencies",
)
