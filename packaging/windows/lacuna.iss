; Installer for Windows, made with Inno Setup 6 from the bundle:
;   ISCC.exe packaging\windows\lacuna.iss
; It installs for the user who runs it, without asking for an administrator, unless they want more.

#define Version GetVersionNumbersString("..\..\dist\lacuna\lacuna.exe")

[Setup]
AppId={{8E5B3C1A-6D0B-4B52-9A8B-2F6B7C0D9E14}
AppName=Lacuna
AppVersion={#Version}
AppPublisher=The Lacuna authors
DefaultDirName={autopf}\Lacuna
DefaultGroupName=Lacuna
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
LicenseFile=..\..\LICENSE
OutputDir=..\..\dist
OutputBaseFilename=lacuna-{#Version}-setup
SetupIconFile=..\..\build\icons\lacuna.ico
UninstallDisplayIcon={app}\lacuna-editor.exe
Compression=lzma2/max
SolidCompression=yes
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
ChangesAssociations=yes
WizardStyle=modern

[Tasks]
Name: desktopicon; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[Files]
Source: "..\..\dist\lacuna\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[Icons]
Name: "{group}\Lacuna"; Filename: "{app}\lacuna-editor.exe"
Name: "{autodesktop}\Lacuna"; Filename: "{app}\lacuna-editor.exe"; Tasks: desktopicon

[Registry]
; "Open with" offers Lacuna; no file type is taken away from another program.
Root: HKA; Subkey: "Software\Classes\Applications\lacuna-editor.exe\shell\open\command"; ValueType: string; ValueData: """{app}\lacuna-editor.exe"" ""%1"""; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Applications\lacuna-editor.exe\SupportedTypes"; ValueType: string; ValueName: ".png"
Root: HKA; Subkey: "Software\Classes\Applications\lacuna-editor.exe\SupportedTypes"; ValueType: string; ValueName: ".jpg"
Root: HKA; Subkey: "Software\Classes\Applications\lacuna-editor.exe\SupportedTypes"; ValueType: string; ValueName: ".jpeg"
Root: HKA; Subkey: "Software\Classes\Applications\lacuna-editor.exe\SupportedTypes"; ValueType: string; ValueName: ".tif"
Root: HKA; Subkey: "Software\Classes\Applications\lacuna-editor.exe\SupportedTypes"; ValueType: string; ValueName: ".tiff"
Root: HKA; Subkey: "Software\Classes\Applications\lacuna-editor.exe\SupportedTypes"; ValueType: string; ValueName: ".webp"
Root: HKA; Subkey: "Software\Classes\Applications\lacuna-editor.exe\SupportedTypes"; ValueType: string; ValueName: ".bmp"

[Run]
Filename: "{app}\lacuna-editor.exe"; Description: "{cm:LaunchProgram,Lacuna}"; Flags: nowait postinstall skipifsilent
