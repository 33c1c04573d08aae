{
  "variables": {
    "werror%": "<!(node -p \"process.env.CI ? 1 : 0\")",
    "portable%": "<!(node -p \"process.env.LB_PORTABLE ? 1 : 0\")"
  },
  "targets": [
    {
      "target_name": "litellm_bridge",
      "sources": [
        "src/binding.cc",
        "src/inspect.cc",
        "<!@(node -p \"require('fs').readdirSync('src/core').filter(f => f.endsWith('.c')).map(f => 'src/core/' + f).join(' ')\")"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": [
        "NAPI_VERSION=8",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
        "NAPI_DISABLE_CPP_EXCEPTIONS"
      ],
      "cflags": ["-Wall", "-Wextra", "-fvisibility=hidden", "<!@(pkg-config --cflags libcjson)"],
      "cflags_c": ["-std=gnu11"],
      "cflags_cc!": ["-fno-rtti"],
      "xcode_settings": { "OTHER_CFLAGS": ["<!@(pkg-config --cflags libcjson)"] },
      "libraries": ["<!@(pkg-config --libs libcjson)"],
      "conditions": [
        ["portable==1", { "defines": ["LB_PORTABLE"] }],
        ["werror==1", { "cflags": ["-Werror"] }],
        ["OS=='linux'", {
          "ldflags": [
            "-Wl,-z,nodelete",
            "-Wl,-z,now",
            "-Wl,-z,origin",
            "-Wl,-rpath,'$$ORIGIN'"
          ]
        }]
      ]
    }
  ]
}
