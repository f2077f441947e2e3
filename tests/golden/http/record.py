"""Let elasticsearch-evolution's own classes read the scripts of cases.json.

    python record.py CLASSPATH      (of elasticsearch-evolution-core and what it needs)

Every case gets the answer under "java".  Needs a JDK of 17 or newer; see README.md.
"""

import base64
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def main(classpath: str) -> None:
    cases = json.loads((HERE / "cases.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as classes:
        subprocess.run(
            ["javac", "-d", classes, "-cp", classpath, str(HERE / "Read.java")],
            check=True,
        )
        answers = subprocess.run(
            ["java", "-cp", f"{classes}:{classpath}", "Read"],
            input="".join(question(case) for case in cases),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.splitlines()
    for case, answer in zip(cases, answers, strict=True):
        case["java"] = json.loads(answer)
    text = json.dumps(cases, ensure_ascii=True, indent=1)
    (HERE / "cases.json").write_text(f"{text}\n", encoding="utf-8")


def question(case: dict[str, object]) -> str:
    text = str(case.get("text", "PUT /a\n"))
    asked = {**case, "bytes": base64.b64encode(text.encode()).decode()}
    return json.dumps(asked) + "\n"


if __name__ == "__main__":
    main(sys.argv[1])
