import Testing

@testable import SidecarConfiguration

@Suite struct VariablesTests {
    static let environment = ["NAME": "value", "EMPTY": "", "_x9": "${NAME}"]

    @Test(arguments: [
        ("plain", "plain"), ("", ""), ("${NAME}", "value"), ("a${NAME}b${NAME}c", "avaluebvaluec"),
        ("${NAME:-other}", "value"), ("${NONE:-other}", "other"), ("${EMPTY:-other}", "other"), ("${EMPTY}", ""),
        ("${NONE:-}", ""), ("$${NAME}", "${NAME}"), ("a$${b", "a${b"), ("$NAME $ {NAME} $$", "$NAME $ {NAME} $$"),
        ("${_x9}", "${NAME}"), ("${NONE:-a:-b}", "a:-b"), ("$${a} ${NAME}", "${a} value"), ("100$", "100$"),
    ])
    func expands(_ text: String, _ expected: String) throws {
        #expect(try Variables.expand(text, environment: Self.environment).text == expected)
    }

    @Test func tellsWhetherThereWasAVariable() throws {
        #expect(try Variables.expand("${NAME}", environment: Self.environment).hasVariables)
        #expect(try !Variables.expand("$${NAME}", environment: Self.environment).hasVariables)
    }

    @Test(arguments: [
        "${NAME", "${}", "${9A}", "${NA ME}", "${NAME-x}", "${NAME:x}", "${:-x}", "a ${", "${Ä}", "${NAME:-${NONE}}",
        "${NONE:-${NAME}}",
    ])
    func refuses(_ text: String) {
        #expect(throws: Variables.Fault.self) { try Variables.expand(text, environment: Self.environment) }
    }

    @Test func namesWhatIsUnset() {
        let fault = #expect(throws: Variables.Fault.self) { try Variables.expand("x ${NO_ONE}", environment: [:]) }
        #expect(fault?.problem == "the environment variable 'NO_ONE' is not set")
    }
}
