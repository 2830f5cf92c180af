"""Hostile submissions: code, and a part of the message that its author has to get. `@NAME@` stands for a path outside.

These run on developers' machines, as root too. So none does damage should the fence have a hole: what belongs to the
machine is only opened for writing, never written; signals to others are signal 0; what is deleted is the test's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent


@dataclass(frozen=True)
class Attack:
    code: str
    message: str


def in_function(body: str, message: str) -> Attack:
    """Code that runs when the function is called. Where it does not raise, it gives back a wrong tensor."""
    return Attack("import os, sys\ndef scale(x, k):\n" + indent(body.strip("\n"), "    ") + "\n    return x\n", message)


WRONG = "y: expected a tensor of shape (5,)"
SLOW = "It took longer than 8 s and was stopped."
FORBIDDEN = "In here a submission cannot start processes, open sockets"
NO_FILES = "In here there are only Python, torch and an empty working directory."
READ_ONLY = "Files cannot be written in here"
CHANNEL = "Something other than the tests' answers was written to where these go."
ENDED = "Python ended before it had answered"
MEMORY = "more memory than there is for it (1.5 GB)"

LIMITS = {
    "endless loop": Attack("while True:\n    pass", SLOW),
    "deaf to signals": in_function(
        "import signal, time\nfor number in (1, 2, 3, 15): signal.signal(number, signal.SIG_IGN)\n"
        "while True: time.sleep(1)",
        SLOW,
    ),
    "stops itself": in_function("import signal\nos.kill(os.getpid(), signal.SIGSTOP)", WRONG),
    "fork bomb": in_function("for _ in range(300): os.fork()", FORBIDDEN),
    "thread bomb": in_function(
        "import threading, time\nthreading.stack_size(65536)\n"
        "for _ in range(500): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\ntime.sleep(60)",
        "It started more than 64 threads or processes",
    ),
    "100 GB tensor": in_function("import torch\ntorch.empty(25_000_000_000)", MEMORY),
    "100 GB of bytes": in_function("bytearray(100 * 2**30)", MEMORY),
    "100 GB mapped": in_function("import mmap\nmmap.mmap(-1, 100 * 2**30)", MEMORY),
    "memory bit by bit": in_function("import torch\nkept = []\nwhile True: kept.append(torch.ones(1_000_000))", MEMORY),
    "memory that is never given up": in_function(
        "import ctypes\nkept = []\nwhile True:\n    try: kept.append(b'x' * 10_000_000)\n    except MemoryError: pass",
        MEMORY,
    ),
    "prints without end": in_function("while True: print('passed ' * 100)", "It printed more than 64 kB"),
    "writes to stderr without end": in_function("while True: os.write(2, b'x' * 4096)", "It printed more than 64 kB"),
    "one huge file": in_function("open('big', 'wb').write(b'x' * 10_000_000)", "File too large"),
    "fills the disc": in_function(
        "for number in range(1000): open(str(number), 'wb').write(b'x' * 1_000_000)", "No space left on device"
    ),
    "opens without end": in_function("kept = [open('/dev/null') for _ in range(10_000)]", "Too many open files"),
    "recursion": in_function("return scale(x, k)", "RecursionError"),
    "recursion without a limit": in_function(
        "sys.setrecursionlimit(10**9)\nnested = []\nfor _ in range(10**5): nested = [nested]\nrepr(nested)",
        ENDED + " (signal 11)",
    ),
    "raises its own limits": in_function(
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))", "not allowed to raise maximum limit"
    ),
    "a parser bomb": Attack("x = " + "(" * 5000, "Python cannot read the code (line 1"),
    "a report of a million parts": in_function(
        "return [0] * 1_000_000", "What your function gave back cannot be judged"
    ),
    "a huge tensor": in_function("import torch\nreturn torch.zeros(5_000_000)", "a tensor of 5000000 numbers"),
    "a deep report": in_function("y = []\nfor _ in range(500): y = [y]\nreturn y", "nested more than 32 deep"),
}

ENDINGS = {
    "os._exit(0)": in_function("os._exit(0)", ENDED + " (exit code 0)"),
    "os._exit(0) while it loads": Attack("import os\nprint('passed')\nos._exit(0)", ENDED + " (exit code 0)"),
    "sys.exit": in_function("sys.exit('passed')", "SystemExit: passed (line 3"),
    "a BaseException that claims a pass": in_function(
        "class Passed(BaseException): pass\nraise Passed('all tests passed')", "Passed: all tests passed (line 4"
    ),
    "an exception that cannot be shown": in_function(
        "class E(Exception):\n    def __str__(self): raise SystemExit\nraise E",
        "(its message cannot be shown: SystemExit)",
    ),
    "kills itself": in_function("os.kill(os.getpid(), 9)", WRONG),
    "aborts": in_function("os.abort()", ENDED + " (signal 11)"),
    "a segmentation fault": in_function("import ctypes\nctypes.string_at(0)", ENDED + " (signal 11)"),
    "kills its parent": in_function(
        "parent = os.getppid()\nassert parent == 0, 'a parent can be seen'\nos.kill(1, 9)", WRONG
    ),
    "kills everyone": in_function("os.kill(-1, 0)", "ProcessLookupError: [Errno 3] No such process"),
    "closes every descriptor": in_function("os.closerange(0, 4096)", ENDED),
    "runs on at exit": in_function(
        "import atexit\natexit.register(lambda: print('passed'))\nraise KeyboardInterrupt", "KeyboardInterrupt"
    ),
}

SPYING = {
    "reads the database": in_function("open('@study.sqlite3@').read()", NO_FILES),
    "reads the hidden tests": in_function("open('@checks.py@').read()", NO_FILES),
    "reads the reference": in_function("open('@solution.py@').read()", NO_FILES),
    "lists the project": in_function("raise RuntimeError(os.listdir('@PROJECT@/study'))", NO_FILES),
    "reads the accounts": in_function("open('/etc/passwd').read()", NO_FILES),
    "reads the environment": in_function(
        "raise RuntimeError(f'environment {dict(os.environ)}')", "RuntimeError: environment {}"
    ),
    "reads the environment of others": in_function(
        "found = [open(f'/proc/{p}/environ').read() for p in os.listdir('/proc') if p.isdigit()]\n"
        "raise RuntimeError(f'environments {found}')",
        "environments ['PWD=/scratch\\x00']",
    ),
    "searches the disc": in_function(
        "wanted = ('checks.py', 'solution.py', 'study.sqlite3', 'contract.py', 'canary.txt')\n"
        "found = []\n"
        "for place, folders, files in os.walk('/'):\n"
        "    folders[:] = [each for each in folders if each != 'proc' and 'packages' not in each]\n"
        "    found += [os.path.join(place, each) for each in files if each in wanted]\n"
        "raise RuntimeError(f'found {found}')",
        "RuntimeError: found []",
    ),
    "imports the checker": Attack("import study.exercises.contract", "No module named 'study.exercises'"),
    "reaches through /proc": in_function("os.listdir('/proc/1/root@FOLDER@')", NO_FILES),
    "reads the memory of its parent": in_function("open(f'/proc/{os.getppid()}/mem', 'rb').read(1)", NO_FILES),
    "walks the frames": in_function(
        "frame, seen = sys._getframe(), []\nwhile frame: seen += list(frame.f_locals); frame = frame.f_back\n"
        "raise RuntimeError(f\"expected values {[n for n in seen if 'expect' in n or 'check' in n]}\")",
        "RuntimeError: expected values []",
    ),
    "a socket": in_function("import socket\nsocket.create_connection(('127.0.0.1', 80))", FORBIDDEN),
    "a request": in_function("import urllib.request\nurllib.request.urlopen('http://127.0.0.1:8501/')", FORBIDDEN),
    "a name": in_function("import socket\nsocket.getaddrinfo('example.org', 80)", "gaierror"),
}

HARM = {
    "overwrites a file outside": in_function("open('@canary.txt@', 'w').write('gone')", NO_FILES),
    "a symlink to the outside": in_function(
        "os.symlink('@canary.txt@', 'link')\nopen('link', 'w').write('gone')", NO_FILES
    ),
    "a hard link": in_function("os.link('/harness/study/sandbox/wire.py', 'wire.py')", "OSError"),
    "overwrites the harness": in_function("open('/harness/study/sandbox/wire.py', 'w').write('gone')", READ_ONLY),
    "overwrites torch": in_function("import torch\nos.open(torch.__file__, os.O_WRONLY)", READ_ONLY),
    "writes to the root": in_function("open('/gone', 'w')", READ_ONLY),
    "writes to shared memory": in_function("open('/dev/gone', 'w')", READ_ONLY),
    "deletes everything": in_function("import shutil\nshutil.rmtree('@FOLDER@')", NO_FILES),
    "writes to the kernel's settings": in_function("os.open('/proc/sys/kernel/core_pattern', os.O_WRONLY)", READ_ONLY),
    "writes to the memory of others": in_function("os.open('/proc/1/mem', os.O_RDWR)", READ_ONLY),
    "asks the kernel to spare it": in_function("os.open('/proc/self/oom_score_adj', os.O_WRONLY)", READ_ONLY),
    "a shell": in_function("import subprocess\nsubprocess.run(['/bin/sh', '-c', 'true'])", FORBIDDEN),
    "os.system": in_function(
        "raise RuntimeError(f\"os.system gave {os.system('touch gone')}\")", "RuntimeError: os.system gave 32512"
    ),
    "exec": in_function("os.execv(sys.executable, ['python'])", FORBIDDEN),
    "multiprocessing": in_function("import multiprocessing\nmultiprocessing.Pool(2)", "FileNotFoundError: [Errno 2]"),
    **{
        f"the system call {name}": in_function(
            f"import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nlibc.syscall({call})\n"
            "raise OSError(ctypes.get_errno(), 'was refused')",
            "PermissionError: [Errno 1] was refused",
        )
        for name, call in {
            "clone": "56, 17, 0, 0, 0, 0",
            "unshare": "272, 0x10000000",
            "mount": "165, b'none', b'/scratch', b'tmpfs', 0, 0",
            "ptrace": "101, 0, 0, 0, 0",
            "memfd_create": "319, b'x', 0",
            "io_uring_setup": "425, 4, 0",
            "fork by its x32 number": "0x40000000 + 57",
        }.items()
    },
}

FORGERY = {
    "prints a pass": Attack('print(\'{"passed": true, "error": null}\')\ndef scale(x, k): return x', WRONG),
    "writes answers to every descriptor": Attack(
        "import os, json\nfor fd in range(3, 64):\n    for kind in ('loaded', 'report'):\n"
        "        line = json.dumps({'kind': kind, 'found': True, 'case': '', 'report': {'y': 0}})\n"
        "        try: os.write(fd, line.encode() + b'\\n')\n        except OSError: pass\n"
        "def scale(x, k): return k * x + x.mean()",
        CHANNEL,
    ),
    "writes garbage to every descriptor": in_function(
        "for fd in range(3, 64):\n    try: os.write(fd, b'[' * 5000 + b'\\n')\n    except OSError: pass", CHANNEL
    ),
    "a line that does not end": in_function(
        "while True:\n    for fd in range(3, 64):\n        try: os.write(fd, b'x' * 65536)\n"
        "        except OSError: pass",
        "It gave back far more data",
    ),
    "patches torch's comparisons": Attack(
        "import torch, math\ntorch.allclose = torch.equal = torch.Tensor.__eq__ = math.isclose = lambda *a, **k: True\n"
        "def scale(x, k): return x",
        WRONG,
    ),
    "an object that equals everything": in_function(
        "class Any:\n    __eq__ = lambda *_: True\n    __hash__ = None\nreturn Any()", "a Any is neither a number"
    ),
    "a number that equals everything": in_function(
        "class Any(float):\n    __eq__ = lambda *_: True\n    __ne__ = lambda *_: False\nreturn Any(1)", WRONG
    ),
    "a tensor that equals everything": in_function(
        "import torch\nclass Any(torch.Tensor):\n    @classmethod\n"
        "    def __torch_function__(cls, f, t, a=(), k=None): return True\n"
        "return torch.zeros(5).as_subclass(Any)",
        "What your function gave back cannot be judged",
    ),
    "a pickle": in_function(
        "class Bomb:\n    def __reduce__(self): return os._exit, (0,)\nreturn Bomb()", "a Bomb is neither"
    ),
    "not a number": in_function("return x * float('nan')", WRONG),
    "infinite": in_function("return x * float('inf')", WRONG),
    "no tensor of numbers": in_function(
        "import torch\nreturn torch.empty(5, device='meta')", "holds no ordinary numbers"
    ),
    "replaces the driver": in_function(
        "inside = sys.modules['study.sandbox.inside']\n"
        "inside._answer = lambda drive, s, case: {'kind': 'report', 'case': case['case'], 'report': {'passed': True}}",
        "the report of 'y': expected a value, got nothing",
    ),
    "replaces the encoder": in_function(
        "import pickle\ninside = sys.modules['study.sandbox.inside']\n"
        "inside.encode = lambda m: pickle.dumps(m) + b'\\n'",
        CHANNEL,
    ),
    "names the case wrongly": in_function(
        "inside = sys.modules['study.sandbox.inside']\n"
        "inside._send = lambda out, m: (out.write(inside.encode({**m, 'case': 'all'})), out.flush())",
        CHANNEL,
    ),
    "a thread that goes on": in_function(
        "import threading, time\ndef on():\n    while True: print('passed'); time.sleep(0.001)\n"
        "threading.Thread(target=on, daemon=True).start()",
        WRONG,
    ),
    "an import hook": Attack(
        "import sys, builtins\nbuiltins.__import__ = lambda *a, **k: None\nsys.meta_path.clear()\nsys.modules.clear()\n"
        "def scale(x, k): return x",
        ENDED + " (exit code 1)",
    ),
    "patches the builtins": Attack(
        "import builtins\nbuiltins.isinstance = lambda *a: True\nbuiltins.type = None\n"
        "def scale(x, k): return 'passed'",
        ENDED + " (exit code 1)",
    ),
    "a finaliser": in_function(
        "class Late:\n    def __del__(self): os._exit(0)\nraise RuntimeError(Late())",
        ENDED + " (exit code 0)",
    ),
}

ATTACKS = LIMITS | ENDINGS | SPYING | HARM | FORGERY
