import NIOCore
import Testing

@testable import WAMP

@Suite struct DetailsTests {
    private let details = Details(
        text: ByteBuffer(
            string:
                #"{"caller": 12, "text":"a\u00e9\n", "yes":true,"no" : false, "t": 2.0, "l":[1], "#
                + #""o":{"x":"y"}, "n":null}"#
        ))

    @Test func typedValues() {
        #expect(self.details.integer("caller") == 12)
        #expect(self.details.integer("t") == 2)
        #expect(self.details.string("text") == "aé\n")
        #expect(self.details.bool("yes") == true)
        #expect(self.details.bool("no") == false)
        #expect(self.details.details("o")?.string("x") == "y")
        #expect(self.details["l"] == .list([.integer(1)]))
        #expect(self.details["n"] == .null)
    }

    @Test func anotherTypeCountsAsAbsent() {
        #expect(self.details.integer("text") == nil)
        #expect(self.details.string("caller") == nil)
        #expect(self.details.bool("caller") == nil)
        #expect(self.details.details("l") == nil)
        #expect(self.details["absent"] == nil)
        #expect(self.details.element("calle") == nil)
        #expect(self.details.element("x") == nil)
    }

    @Test func theLastOfEqualKeysCounts() {
        let details = Details(text: ByteBuffer(string: #"{"a":1,"b":2,"a":3,"\u0061":4}"#))
        #expect(details.integer("a") == 4)
        #expect(details.dictionary == ["a": .integer(4), "b": .integer(2)])
    }

    @Test func emptiness() {
        #expect(Details.empty.isEmpty)
        #expect(Details(text: ByteBuffer(string: "{ }")).isEmpty)
        #expect(!self.details.isEmpty)
        #expect(Details(text: ByteBuffer(string: "no object")).element("a") == nil)
        #expect(Details(text: ByteBuffer()).dictionary.isEmpty)
    }

    @Test func writesADictionary() {
        let details = Details(["b": .list([.null, .bool(true)]), "a": .string("\"")])
        #expect(String(buffer: details.text) == #"{"a":"\"","b":[null,true]}"#)
    }
}
